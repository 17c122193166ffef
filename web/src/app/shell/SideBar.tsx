import { SignInIcon } from "@phosphor-icons/react/SignIn";
import { Link } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import type { Me } from "@/api/types";
import { uploads } from "@/features/files/store";
import { open } from "@/lib/uploadQueue";
import { buttonClass } from "@/ui/Button";
import { Mark } from "./Mark";
import { type Place, PLACES, placesFor, type Room, roomsFor } from "./rooms";
import { You } from "./You";

export function SideBar({ me, place }: { me: Me | undefined; place: Place }) {
  const places = placesFor(me);
  const shown = places.includes(place) ? place : "watch";
  return (
    <nav className="side" aria-label="Rooms">
      <Link to="/" className="brand" aria-label="Matinee, home">
        <Mark />
        <span>Matinee</span>
      </Link>
      {places.length > 1 ? (
        <div className="places">
          {places.map((one) => (
            <Link key={one} to={roomsFor(me, one)[0]?.to ?? "/"} data-on={one === shown ? "" : undefined} activeOptions={{ exact: true }}>
              {PLACES[one].label}
            </Link>
          ))}
        </div>
      ) : null}
      {roomsFor(me, shown).map((room) => (
        <RoomLink key={room.to} room={room} />
      ))}
      {/* The rail has no room for the switch: the first rooms of the other places stand below. */}
      <div className="rail-places">
        {places
          .filter((one) => one !== shown)
          .flatMap((one) => roomsFor(me, one).slice(0, one === "create" ? 2 : 1))
          .map((room) => (
            <RoomLink key={room.to} room={room} />
          ))}
      </div>
      <div className="me">
        {me?.account ? (
          <You me={me} />
        ) : me ? (
          <>
            <Link to="/sign-in" className={buttonClass("primary", false, "wide-only w-full")}>
              Sign in
            </Link>
            <span className="rail-places">
              <Link to="/sign-in" className="nav">
                <SignInIcon size={20} aria-hidden="true" />
                <span>Sign in</span>
              </Link>
            </span>
          </>
        ) : null}
      </div>
    </nav>
  );
}

function RoomLink({ room }: { room: Room }) {
  const queue = useSyncExternalStore(uploads.subscribe, uploads.read);
  const running = room.to === "/upload" ? open(queue).length : 0;
  const Icon = room.icon;
  return (
    <Link to={room.to} className="nav" activeOptions={{ exact: room.to === "/" || room.to === "/run" }}>
      {({ isActive }) => (
        <>
          <Icon size={20} weight={isActive ? "fill" : "regular"} aria-hidden="true" />
          <span className="truncate">{room.label}</span>
          {running ? (
            <b className="new">
              {running}
              <span className="sr-only"> under way</span>
            </b>
          ) : null}
        </>
      )}
    </Link>
  );
}
