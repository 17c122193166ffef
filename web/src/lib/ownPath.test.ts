import { expect, it } from "vitest";
import { ownPath } from "./ownPath";

const AWAY = [
  "https://elsewhere.example", "https:elsewhere.example", "//elsewhere.example", "///elsewhere.example",
  "/\\elsewhere.example", "\\/elsewhere.example", "\\\\elsewhere.example", "/\t/elsewhere.example", "/\n\\elsewhere.example",
  "\t//elsewhere.example", " //elsewhere.example", "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "//",
  "elsewhere", "?x", "#x", "",
];

it("lets nobody be sent out of the house", () => {
  for (const text of AWAY) expect(ownPath(text), JSON.stringify(text)).toBeUndefined();
  expect(ownPath(undefined)).toBeUndefined();
});

it("keeps paths of the house as they are", () => {
  const paths = ["/", "/videos?sort=new#top", "/watch/1?t=5", "/settings/security", "/sign-in?next=//elsewhere.example", "/x//y", "/@ann"];
  for (const path of paths) expect(ownPath(path)).toBe(path);
});
