import { useState } from "react";
import { Problem } from "@/api/client";

type Faults = { fields: Record<string, string>; general: string | null };

/** Errors of a form, each at the field it belongs to; the rest above the form. */
export function useFaults(names: string[]) {
  const [faults, setFaults] = useState<Faults>({ fields: {}, general: null });
  return {
    general: faults.general,
    of: (field: string): string | null => faults.fields[field] ?? null,
    clear: () => setFaults({ fields: {}, general: null }),
    put: (field: string, sentence: string) => setFaults((now) => ({ ...now, fields: { ...now.fields, [field]: sentence } })),
    take: (error: unknown) => {
      if (!(error instanceof Problem)) {
        setFaults({ fields: {}, general: "Something on this page broke. What you typed is still here; try again." });
        return;
      }
      const fields: Record<string, string> = {};
      for (const fault of error.fields) {
        const name = fault.field.split(".").at(-1) ?? fault.field;
        if (names.includes(name)) fields[name] = fault.message;
      }
      setFaults({ fields, general: Object.keys(fields).length ? null : error.message });
    },
  };
}
