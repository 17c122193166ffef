import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { meQuery } from "@/api/accounts";
import { explanationQuery } from "@/api/roles";
import { buttonClass } from "@/ui/Button";
import { useTitle } from "@/ui/useTitle";

/** In place of a page that one may not see: why, and which role opens it. */
export function Closed({ title, permission }: { title: string; permission: string }) {
  useTitle(title);
  const { data: me } = useQuery(meQuery);
  const { data: why } = useQuery(explanationQuery(permission));
  return (
    <div className="mx-auto max-w-[52ch] py-20 text-center">
      <h1>{title} is not open to you</h1>
      <p className="mt-3 min-h-11 text-ink-2">{why?.sentence}</p>
      <div className="mt-6 flex justify-center gap-2">
        {me && !me.account ? (
          <Link to="/sign-in" search={{ next: location.pathname + location.search }} className={buttonClass("primary")}>
            Sign in
          </Link>
        ) : null}
        <Link to="/settings/permissions" search={{ why: permission }} className={buttonClass("secondary")}>
          See why
        </Link>
      </div>
    </div>
  );
}
