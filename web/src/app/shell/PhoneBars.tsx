import { FilmSlateIcon } from "@phosphor-icons/react/FilmSlate";
import { GaugeIcon } from "@phosphor-icons/react/Gauge";
import { HouseIcon } from "@phosphor-icons/react/House";
import { PlusIcon } from "@phosphor-icons/react/Plus";
import { SignInIcon } from "@phosphor-icons/react/SignIn";
import { UserCircleIcon } from "@phosphor-icons/react/UserCircle";
import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Me } from "@/api/types";
import { Mark } from "./Mark";
import { roomsFor } from "./rooms";
import { You } from "./You";

export function PhoneTop({ me }: { me: Me | undefined }) {
  return (
    <header className="phone-top">
      <Link to="/" className="brand" aria-label="Matinee, home">
        <Mark />
        <span>Matinee</span>
      </Link>
      {me?.account ? <You me={me} compact /> : null}
    </header>
  );
}

/** The rooms of Run stand above their pages where there is no side bar; the present one is always in sight. */
export function RunRooms({ me }: { me: Me | undefined }) {
  const rooms = roomsFor(me, "run");
  const path = useRouterState({ select: (state) => state.location.pathname });
  const line = useRef<HTMLElement>(null);
  useEffect(() => {
    const present = line.current?.querySelector("[data-selected]")?.getBoundingClientRect();
    if (!line.current || !present) return;
    const whole = line.current.getBoundingClientRect();
    line.current.scrollLeft += (present.left + present.right - whole.left - whole.right) / 2;
  }, [path, rooms.length]);
  if (rooms.length < 2) return null;
  return (
    <nav className="phone-rooms" aria-label="Rooms of Run" ref={line}>
      {rooms.map((room) => (
        <Link key={room.to} to={room.to} className="chip" activeOptions={{ exact: room.to === "/run", includeSearch: false }} activeProps={{ "data-selected": "" }}>
          {room.label}
        </Link>
      ))}
    </nav>
  );
}

export function BottomBar({ me }: { me: Me | undefined }) {
  const handle = me?.profile?.handle;
  const run = roomsFor(me, "run")[0];
  return (
    <nav className="bottom" aria-label="Rooms, phone">
      <Link to="/" activeOptions={{ exact: true }}>
        {({ isActive }) => (
          <>
            <HouseIcon size={24} weight={isActive ? "fill" : "regular"} aria-hidden="true" />
            Home
          </>
        )}
      </Link>
      {me?.account?.waits ? null : me?.account ? (
        <>
          <Link to="/videos">
            {({ isActive }) => (
              <>
                <FilmSlateIcon size={24} weight={isActive ? "fill" : "regular"} aria-hidden="true" />
                Videos
              </>
            )}
          </Link>
          <Link to="/upload" className="add" aria-label="Upload">
            {({ isActive }) => (
              <i>
                <PlusIcon size={24} weight={isActive ? "fill" : "regular"} aria-hidden="true" />
              </i>
            )}
          </Link>
          {run ? (
            <Link to={run.to}>
              {({ isActive }) => (
                <>
                  <GaugeIcon size={24} weight={isActive ? "fill" : "regular"} aria-hidden="true" />
                  Run
                </>
              )}
            </Link>
          ) : null}
          {handle ? (
            <Link to="/@{$handle}" params={{ handle }}>
              <UserCircleIcon size={24} aria-hidden="true" />
              You
            </Link>
          ) : null}
        </>
      ) : (
        <Link to="/sign-in">
          <SignInIcon size={24} aria-hidden="true" />
          Sign in
        </Link>
      )}
    </nav>
  );
}
