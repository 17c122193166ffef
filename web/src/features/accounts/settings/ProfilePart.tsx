import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { meQuery } from "@/api/accounts";
import { editProfile } from "@/api/people";
import type { Profile } from "@/api/types";
import { plural } from "@/lib/amount";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { toast } from "@/ui/toast";
import { useFaults } from "../useFaults";
import { Part } from "./Part";

function oldLinks(days: number): string {
  return days ? `For ${plural(days, "day")} after a change, old links lead on and nobody else can take the old one.` : "Old links stop when you change it.";
}

export function ProfilePart({ profile, keptDays }: { profile: Profile; keptDays: number }) {
  const cache = useQueryClient();
  const [form, setForm] = useState({ display_name: profile.display_name, handle: profile.handle, bio: profile.bio });
  const [busy, setBusy] = useState(false);
  const faults = useFaults(["display_name", "handle", "bio"]);
  const changed = form.display_name !== profile.display_name || form.handle !== profile.handle || form.bio !== profile.bio;

  async function save() {
    faults.clear();
    setBusy(true);
    try {
      const saved = await editProfile(form);
      setForm({ display_name: saved.display_name, handle: saved.handle, bio: saved.bio });
      await cache.invalidateQueries({ queryKey: meQuery.queryKey });
      void cache.invalidateQueries({ queryKey: ["profile"] });
      toast("Your profile is saved.");
    } catch (error) {
      faults.take(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Part title="Profile" words="What people see beside your films.">
      <form
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {faults.general ? (
          <p role="alert" className="fault">
            {faults.general}
          </p>
        ) : null}
        <Field label="Name" maxLength={80} value={form.display_name} onChange={(display_name) => setForm({ ...form, display_name })} fault={faults.of("display_name")} />
        <Field label="Handle" hint={`Your page is ${location.host}/@${form.handle}. ${oldLinks(keptDays)}`} maxLength={30} value={form.handle} onChange={(handle) => setForm({ ...form, handle: handle.toLowerCase() })} fault={faults.of("handle")} />
        <Field label="About you" lines={3} maxLength={500} value={form.bio} onChange={(bio) => setForm({ ...form, bio })} fault={faults.of("bio")} />
        <div>
          <Button type="submit" look="primary" isDisabled={!changed} isPending={busy}>
            Save
          </Button>
        </div>
      </form>
    </Part>
  );
}
