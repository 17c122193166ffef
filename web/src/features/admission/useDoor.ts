import { useState } from "react";
import type { Brought } from "@/api/admission";
import type { Me } from "@/api/types";
import { useSecret } from "@/features/accounts/useSecret";
import { work } from "./work";

/** What somebody brings to the door: an invitation from the link that led here or from a field, else work where it is asked. */
export function useDoor(me: Me | undefined) {
  const carried = useSecret();
  const [typed, setTyped] = useState("");
  const [share, setShare] = useState<number | null>(null);
  const invitation = carried || (typed.split("#").at(-1) ?? "").trim();

  async function bring(): Promise<Brought> {
    if (invitation) return { invitation };
    if (!me?.signup_work) return {};
    setShare(0);
    try {
      return { work: await work(setShare) };
    } finally {
      setShare(null);
    }
  }

  return {
    /** Whether a field for it is needed. */
    asksInvitation: me?.signup === "invitation" && !carried,
    /** Whether somebody must look at the request first. */
    applies: me?.signup === "approval" && !invitation,
    byLink: Boolean(carried),
    typed,
    setTyped,
    bring,
    /** For the pressed button, while the computer works. */
    busyWords: share === null ? null : `Checking that you are no robot · ${Math.floor(share * 100)} %`,
  };
}

export type Door = ReturnType<typeof useDoor>;
