import { WarningCircleIcon } from "@phosphor-icons/react/WarningCircle";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField, type TextFieldProps } from "react-aria-components/TextField";

type Props = Omit<TextFieldProps, "children" | "className"> & {
  label: string;
  hint?: string;
  fault?: string | null | undefined;
  lines?: number;
  placeholder?: string;
};

/** Label above, hint below; an error takes the hint's place and says how to mend it. */
export function Field({ label, hint, fault, lines, placeholder, ...rest }: Props) {
  return (
    <TextField {...rest} isInvalid={Boolean(fault)} validationBehavior="aria">
      <Label className="label">{label}</Label>
      {lines ? (
        <TextArea className="input" rows={lines} placeholder={placeholder} />
      ) : (
        <Input className="input" placeholder={placeholder} />
      )}
      {fault ? (
        <FieldError className="fault">
          <WarningCircleIcon size={16} aria-hidden="true" className="mt-px flex-none" />
          {fault}
        </FieldError>
      ) : hint ? (
        <Text slot="description" className="hint block">
          {hint}
        </Text>
      ) : null}
    </TextField>
  );
}
