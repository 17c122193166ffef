import { useQuery } from "@tanstack/react-query";
import { rolesQuery } from "@/api/roles";
import { Fault, Ghost, Loading } from "@/ui/States";
import { Toggle } from "@/ui/Toggle";

/** The roles that whoever asks may give. With `all` the others are shown, too, as they are. */
export function RoleChoice({ label, wanted, all = false, onChange, fault }: { label: string; wanted: string[]; all?: boolean; onChange: (wanted: string[]) => void; fault?: string | null }) {
  const known = useQuery(rolesQuery);
  if (known.error && !known.data) return <Fault error={known.error} what="The roles did not come" retry={() => void known.refetch()} />;
  if (!known.data)
    return (
      <Loading what="Loading the roles">
        <Ghost className="h-28" />
      </Loading>
    );
  const offered = known.data.items.filter((role) => all || role.givable);
  return (
    <fieldset className="grid gap-1">
      <legend className="label">{label}</legend>
      {offered.map((role) => (
        <Toggle
          key={role.name}
          isDisabled={!role.givable}
          isSelected={wanted.includes(role.name)}
          onChange={(on) => onChange(on ? [...wanted, role.name] : wanted.filter((one) => one !== role.name))}
        >
          {role.title}
          {role.about ? <span className="meta block">{role.about}</span> : null}
        </Toggle>
      ))}
      {offered.length === 0 ? <p className="text-ui text-ink-2">Your roles let you give none.</p> : null}
      {fault ? <p className="fault">{fault}</p> : null}
    </fieldset>
  );
}
