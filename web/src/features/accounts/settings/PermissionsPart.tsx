import { Link } from "@tanstack/react-router";
import { buttonClass } from "@/ui/Button";
import { Part } from "./Part";

export function PermissionsPart() {
  return (
    <Part title="What you may do" words="Which of your roles opens what, and why something is closed.">
      <Link to="/settings/permissions" className={buttonClass("secondary", true)}>
        See what you may do
      </Link>
    </Part>
  );
}
