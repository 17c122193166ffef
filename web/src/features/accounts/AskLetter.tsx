import type { ReactNode } from "react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Gate } from "./Gate";
import { Told } from "./Told";
import { useFaults } from "./useFaults";

type Props = {
  title: string;
  words: string;
  foot?: ReactNode;
  /** The field's name in the API. */
  name: "login" | "email";
  label: string;
  faultOf: (value: string) => string | null;
  ask: (value: string) => Promise<void>;
  /** What the pressed button says meanwhile. */
  busyWords?: string | null;
  children?: ReactNode;
  sent: ReactNode;
};

/** One line to fill in and a letter that follows, if it does: the page says the same to everybody. */
export function AskLetter({ title, words, foot, name, label, faultOf, ask, busyWords, sent, children }: Props) {
  const [value, setValue] = useState("");
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState(false);
  const faults = useFaults([name]);

  async function submit() {
    faults.clear();
    const fault = faultOf(value);
    if (fault) {
      faults.put(name, fault);
      return;
    }
    setBusy(true);
    try {
      await ask(value.trim());
      setAsked(true);
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  if (asked) return <Told title="Look into your mailbox">{sent}</Told>;
  return (
    <Gate title={title} words={words} fault={faults.general} onSubmit={() => void submit()} foot={foot}>
      <Field label={label} name={name} type={name === "email" ? "email" : "text"} autoComplete={name === "email" ? "email" : "username"} maxLength={254} value={value} onChange={setValue} fault={faults.of(name)} />
      {children}
      <Button type="submit" look="primary" isPending={busy}>
        {busyWords ?? "Send the letter"}
      </Button>
    </Gate>
  );
}
