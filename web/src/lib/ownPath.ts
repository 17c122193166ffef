const NOWHERE = "http://house.invalid";

/** `text`, where browsers would stay in this house with it. They read `/\` as `//`, and drop tabs and line ends. */
export function ownPath(text: string | undefined): string | undefined {
  if (!text?.startsWith("/")) return undefined;
  return URL.canParse(text, NOWHERE) && new URL(text, NOWHERE).origin === NOWHERE ? text : undefined;
}
