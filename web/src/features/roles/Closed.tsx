import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { explanationQuery } from "@/api/roles";
import { buttonClass } from "@/ui/Button";
import { useTitle } from "@/ui/useTitle";

/** In place of a page that one may not see: why, and which role opens it. */
export function Closed({ title, permission }: { title: string; permission: string }) {
  useTitle(title);
  const { data: why } = useQuery(explanationQuery(permission));
  return (
    <div className="mx-auto max-w-[52ch] py-20 text-center">
      <h1>{title} is not open to you</h1>
      <p className="mt-3 min-h-11 text-ink-2">{why?.sentence}</p>
      <Link to="/settings/permissions" search={{ why: permission }} className={buttonClass("secondary", false, "mt-6")}>
        See why
      </Link>
    </div>
  );
}
