/** When single letters count as commands: never while typing, and only if the person keeps them on. */
const KEY = "matinee.single-keys";

export function typing(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !["button", "checkbox", "radio", "range", "submit"].includes(target.type);
  return target.matches("textarea, select, [role=textbox], [role=menuitem], [role=menuitemradio]");
}

export function singleKeysOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch {
    // Without storage the keys stay on.
  }
}
