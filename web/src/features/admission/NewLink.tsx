import { Button } from "@/ui/Button";
import { toast } from "@/ui/toast";

/** A link that is shown this once. */
export function NewLink({ link, onDone }: { link: string; onDone: () => void }) {
  async function copy() {
    try {
      await navigator.clipboard.writeText(link);
      toast("Copied.");
    } catch {
      toast("Your browser did not copy it. Mark the link and copy it by hand.");
    }
  }

  return (
    <div role="status" className="mb-4 rounded-control border border-line p-3">
      <p className="text-ui font-semibold">Pass this link on now: it is shown this once.</p>
      <code className="my-2 block text-ui [overflow-wrap:anywhere]">{link}</code>
      <div className="flex flex-wrap gap-2">
        <Button small look="primary" onPress={() => void copy()}>
          Copy it
        </Button>
        <Button small onPress={onDone}>
          I have it
        </Button>
      </div>
    </div>
  );
}
