import { useState } from "react";

/** Before the server has spoken, a page knows nothing of the link that led to it. */
export const CHECKED_ON_PRESS = "The link from your letter is checked when you press the button.";

/** What stands behind the # of a letter's link: browsers send it to nobody. */
export function useSecret(): string {
  const [secret] = useState(() => location.hash.slice(1));
  return secret;
}
