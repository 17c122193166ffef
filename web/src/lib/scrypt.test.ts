import { expect, test } from "vitest";
import { Scrypt } from "./scrypt";

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (found: Uint8Array) => Array.from(found, (one) => one.toString(16).padStart(2, "0")).join("");

test("it makes of a password what the standard says", async () => {
  // RFC 7914, section 12, with one block of parallelism.
  const found = await new Scrypt(16_384).derive(bytes("pleaseletmein"), bytes("SodiumChloride"), 64);
  expect(hex(found)).toBe(
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  );
});

test("one memory serves again and again", async () => {
  const scrypt = new Scrypt(64);
  const first = hex(await scrypt.derive(bytes("0:1"), bytes("salt"), 32));
  await scrypt.derive(bytes("0:2"), bytes("salt"), 32);
  expect(hex(await scrypt.derive(bytes("0:1"), bytes("salt"), 32))).toBe(first);
});
