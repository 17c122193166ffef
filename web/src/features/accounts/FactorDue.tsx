import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/ui/Button";

/** In place of every page, until somebody whose role needs a second factor has one. */
export default function FactorDue() {
  return (
    <div className="mx-auto max-w-[420px] py-14">
      <h1>One more step</h1>
      <p className="mt-2 mb-6 text-ink-2">The operator of this house asks for a second factor of your role: an app that makes codes, or a passkey. It takes a minute.</p>
      <Link to="/settings" className={buttonClass("primary")}>
        Set one up
      </Link>
    </div>
  );
}
