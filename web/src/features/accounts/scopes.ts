/** What a program's token may do, in words. */
import type { TokenScope } from "@/api/types";

export const SCOPE_WORDS: Record<TokenScope, string> = {
  read: "See your videos, uploads and storage",
  upload: "Upload films and make videos",
  manage: "Change and delete your videos",
  account: "Change your account and profile",
  operate: "Run the house, where you may",
};
export const SCOPES = Object.keys(SCOPE_WORDS) as TokenScope[];
