import type { Video, Visibility } from "@/api/types";
import { Field } from "@/ui/Field";
import { Segments } from "@/ui/Segments";
import { StillPicker } from "./StillPicker";
import type { useAutosave } from "./useAutosave";

const WHO: { value: Visibility; label: string }[] = [
  { value: "public", label: "Everyone" },
  { value: "unlisted", label: "Link" },
  { value: "private", label: "Only me" },
];
const MEANS: Record<Visibility, string> = {
  public: "Stands on the home page and on your page.",
  unlisted: "Whoever has the link can watch. It is listed nowhere.",
  private: "Nobody else can see that it exists.",
};

/** The facts of a film that its maker may change; all saved as you go. */
export function Details({ video, form }: { video: Video; form: ReturnType<typeof useAutosave> }) {
  const { draft, change, save, saving } = form;
  return (
    <div className="grid gap-4">
      <Field label="Title" name="title" maxLength={200} value={draft.title} onChange={(title) => change({ title })} onBlur={() => void save()} fault={saving.fields["title"]} />
      <Field label="Description" name="description" lines={4} maxLength={5000} value={draft.description} onChange={(description) => change({ description })} onBlur={() => void save()} fault={saving.fields["description"]} />
      <StillPicker video={video} />
      <Segments label="Who can watch" value={draft.visibility} choices={WHO} onChange={(visibility) => change({ visibility })} hint={MEANS[draft.visibility]} />
    </div>
  );
}
