import { useState } from "react";

/** What stands behind the # of a letter's link: browsers send it to nobody. */
export function useSecret(): string {
  const [secret] = useState(() => location.hash.slice(1));
  return secret;
}
