import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { meQuery } from "@/api/accounts";
import { isOperator } from "@/app/shell/rooms";

/** A link to a room without the right to it explains which role opens it. */
export function Operator({ title, children }: { title: string; children: ReactNode }) {
  const { data: me } = useQuery(meQuery);
  if (!me || isOperator(me)) return children;
  return (
    <div className="mx-auto max-w-[52ch] py-20 text-center">
      <h1>{title} is for operators</h1>
      <p className="mt-3 text-ink-2">The role “admin” opens this room. An operator of this house can give it to you.</p>
    </div>
  );
}
