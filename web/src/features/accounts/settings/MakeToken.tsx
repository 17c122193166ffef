import { type SyntheticEvent, useState } from "react";
import type { NewToken, TokenScope } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Toggle } from "@/ui/Toggle";
import { SCOPE_WORDS, SCOPES } from "../scopes";
import { useFaults } from "../useFaults";

type Props = {
  days: number;
  most: number;
  make: (name: string, scopes: TokenScope[], days: number) => Promise<NewToken>;
  onMade: () => Promise<void>;
};

/** A token for a program: it is shown once, and only its hash is kept. */
export function MakeToken({ days, most, make, onMade }: Props) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<TokenScope[]>(["read"]);
  const [life, setLife] = useState(String(days));
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const faults = useFaults(["name", "days", "scopes"]);

  async function submit(event: SyntheticEvent) {
    event.preventDefault();
    faults.clear();
    setBusy(true);
    try {
      setMade((await make(name.trim(), scopes, Number(life))).token);
      setName("");
      await onMade();
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  if (made)
    return (
      <div role="status" className="mb-4 rounded-control border border-line p-3">
        <p className="text-ui font-semibold">Copy the token now: it is shown this once.</p>
        <code className="my-2 block text-ui [overflow-wrap:anywhere]">{made}</code>
        <Button
          small
          onPress={() => {
            setMade(null);
            setOpen(false);
          }}
        >
          I have it
        </Button>
      </div>
    );
  if (!open)
    return (
      <div className="mb-4">
        <Button small onPress={() => setOpen(true)}>
          Make a token
        </Button>
      </div>
    );
  return (
    <form onSubmit={(event) => void submit(event)} className="mb-5 grid gap-3" aria-label="Make a token">
      <Field label="Name" value={name} onChange={setName} fault={faults.of("name")} hint="What it is for." maxLength={80} autoComplete="off" isRequired />
      {SCOPES.map((scope) => (
        <Toggle key={scope} isSelected={scopes.includes(scope)} onChange={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((one) => one !== scope))}>
          {SCOPE_WORDS[scope]}
        </Toggle>
      ))}
      <Field label="Days" value={life} onChange={setLife} fault={faults.of("days")} hint={most ? `Until it ends; ${most} at most.` : "Until it ends; 0 for never."} inputMode="numeric" />
      {faults.general ? (
        <p role="alert" className="fault">
          {faults.general}
        </p>
      ) : null}
      <div className="flex gap-2">
        <Button onPress={() => setOpen(false)}>Not now</Button>
        <Button type="submit" look="primary" isPending={busy} isDisabled={!name.trim() || scopes.length === 0 || !/^\d{1,5}$/.test(life)}>
          Make the token
        </Button>
      </div>
    </form>
  );
}
