import { useTitle } from "@/ui/useTitle";

const PROBE = "__Host-matinee_probe";

/** Whether this browser would keep a sign-in of this page: it drops secure cookies on plain http from another machine, and
 * Safari does so on the machine itself. */
export function isPrivate() {
  if (!window.isSecureContext) return false;
  document.cookie = `${PROBE}=1; Path=/; Secure; SameSite=Lax; Max-Age=5`;
  const kept = document.cookie.includes(`${PROBE}=`);
  document.cookie = `${PROBE}=; Path=/; Secure; SameSite=Lax; Max-Age=0`;
  return kept;
}

/** What to do where browsers keep no sign-in. */
export function NotPrivate() {
  useTitle("Sign in");
  return window.isSecureContext ? <NoCookies /> : <Far />;
}

function NoCookies() {
  return (
    <div className="mx-auto w-full max-w-[520px] py-6 phone:py-14">
      <h1>This browser keeps no sign-in here</h1>
      <p className="mt-2 text-ink-2">
        Signing in needs a cookie, and this browser has just refused one. You can watch what is public; to sign in, use one of these:
      </p>
      <ul className="panel mt-6 grid list-disc gap-3 p-5 pl-9">
        {location.protocol === "http:" ? (
          <li>Safari keeps no secure cookies without https, not even on the machine itself: open this page in Firefox, Chrome or Edge.</li>
        ) : null}
        <li>Allow cookies for this site in the browser’s settings, and load the page again.</li>
        {location.protocol === "http:" ? (
          <li>If you run this house, put a proxy with a certificate before it; “deploy” in its repository has two that are ready.</li>
        ) : null}
      </ul>
    </div>
  );
}

function Far() {
  return (
    <div className="mx-auto w-full max-w-[520px] py-6 phone:py-14">
      <h1>Signing in needs https</h1>
      <p className="mt-2 text-ink-2">
        You came by plain http from another device. Everybody on the way could read your password, and browsers keep no sign-in here. You can
        watch what is public; to sign in, use one of these:
      </p>
      <ul className="panel mt-6 grid list-disc gap-3 p-5 pl-9">
        <li>
          If this house has an address with https, open that one: <a className="link" href={`https://${location.hostname}/sign-in`}>{`https://${location.hostname}`}</a>
        </li>
        <li>
          On the machine that Matinee runs on, open <span className="font-semibold">{`http://localhost:${location.port || "80"}`}</span>.
        </li>
        <li>
          From this device, make a tunnel with <code>{`ssh -L 8000:localhost:${location.port || "80"} you@${location.hostname}`}</code> and open{" "}
          <span className="font-semibold">http://localhost:8000</span>.
        </li>
        <li>If you run this house, put a proxy with a certificate before it; “deploy” in its repository has two that are ready.</li>
      </ul>
    </div>
  );
}
