import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { meQuery } from "@/api/accounts";
import { may } from "@/app/shell/rooms";
import { Closed } from "@/features/roles/Closed";

/** A link to a room without the right to it explains which role opens it. */
export function Operator({ title, needs, children }: { title: string; needs: string; children: ReactNode }) {
  const { data: me } = useQuery(meQuery);
  if (!me || may(me, needs)) return children;
  return <Closed title={title} permission={needs} />;
}
