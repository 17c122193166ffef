import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { keepingQuery } from "@/api/privacy";
import type { Keeping } from "@/api/types";
import { plural } from "@/lib/amount";
import { Fault, Ghost, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";

const TITLES: Record<string, string> = {
  accounts: "Your account and signing in",
  admission: "Invitations and requests",
  files: "Files",
  privacy: "Copies of your data",
  people: "Your page",
  videos: "Films",
  encoding: "What is made of your films",
  house: "The house itself",
};
const SEEN: Record<Keeping["rooms"][number]["given"][number]["seen_by"], string> = {
  operators: "You, and who runs this house",
  chosen: "Whom you show it to, you, and who runs this house",
  everybody: "Everybody",
};

/** What this house keeps about people, from what each of its parts declares. */
export function PrivacyPage() {
  useTitle("What this house keeps");
  const { data, error, refetch } = useQuery(keepingQuery);
  return (
    <div className="max-w-[720px]">
      <h1>What this house keeps</h1>
      <p className="mt-2 mb-5 max-w-[62ch] text-ink-2">
        About you, as each part of the house declares it, with the days that hold here. Who runs this house can reach what lies on its machines, and backups made before an erasure hold it until they are removed.
      </p>
      {error && !data ? <Fault error={error} what="The list did not come" retry={() => void refetch()} /> : null}
      {!data && !error ? (
        <Loading what="Loading the list">
          <Ghost className="h-[640px]" />
        </Loading>
      ) : null}
      {data ? (
        <div className="grid gap-5">
          <section className="panel p-5" aria-label="Get it, or have it erased">
            <h2>Get it, or have it erased</h2>
            <p className="mt-2 max-w-[62ch]">
              In{" "}
              <Link to="/settings" className="link">
                Settings
              </Link>{" "}
              you take a copy of all of it, change what is wrong, and delete your account.{" "}
              {data.leaving_days ? `Everything is erased ${plural(data.leaving_days, "day")} after that; signing in before takes it back.` : "Everything is erased at once then."} Where you cannot
              sign in, whoever runs this house does the same for you.
            </p>
          </section>
          {data.rooms.map((room) => (
            <Kept key={room.name} room={room} />
          ))}
          <section className="panel p-5" aria-label="In your browser">
            <h2>In your browser</h2>
            <p className="mt-2 max-w-[62ch]">
              Cookies that keep you signed in, and nothing for anybody else. Beside them your browser remembers where films were left and which files are on their way, until you sign out.
            </p>
          </section>
        </div>
      ) : null}
    </div>
  );
}

function Kept({ room }: { room: Keeping["rooms"][number] }) {
  const title = TITLES[room.name] ?? room.name;
  return (
    <section className="panel p-5" aria-label={title}>
      <h2>{title}</h2>
      <p className="mt-2 max-w-[62ch]">{room.how_long}</p>
      <ul className="mt-3 grid">
        {room.given.map((kept) => (
          <li key={kept.about} className="border-t border-line py-3 text-ui">
            <p>{kept.about}</p>
            <p className="meta mt-0.5">Seen by: {SEEN[kept.seen_by]}.</p>
            <details className="mt-1">
              <summary className="link cursor-pointer">What exactly</summary>
              <ul className="mt-2 list-disc pl-5 text-ink-2">
                {kept.fields.map((field) => (
                  <li key={field}>{field}</li>
                ))}
              </ul>
            </details>
          </li>
        ))}
        {room.besides.length ? (
          <li className="border-t border-line py-3 text-ui">
            <p>{room.given.length ? "Besides, and not in a copy:" : "Not in a copy:"}</p>
            <ul className="mt-2 list-disc pl-5 text-ink-2">
              {room.besides.map((about) => (
                <li key={about}>{about}</li>
              ))}
            </ul>
          </li>
        ) : null}
      </ul>
    </section>
  );
}
