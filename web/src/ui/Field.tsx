import { EyeIcon } from "@phosphor-icons/react/Eye";
import { EyeSlashIcon } from "@phosphor-icons/react/EyeSlash";
import { WarningCircleIcon } from "@phosphor-icons/react/WarningCircle";
import { FieldError } from "react-aria-components/FieldError";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField, type TextFieldProps } from "react-aria-components/TextField";
import { useState } from "react";
import { IconButton } from "./Button";

type Props = Omit<TextFieldProps, "children" | "className"> & {
  label: string;
  hint?: string;
  fault?: string | null | undefined;
  lines?: number;
  placeholder?: string;
};

/** Label above, hint below; an error takes the hint's place and says how to mend it. A password can be shown. */
export function Field({ label, hint, fault, lines, placeholder, type, ...rest }: Props) {
  const [shown, setShown] = useState(false);
  const secret = type === "password";
  return (
    <TextField {...rest} type={secret && shown ? "text" : type} isInvalid={Boolean(fault)} validationBehavior="aria">
      <Label className="label">{label}</Label>
      {lines ? (
        <TextArea className="input" rows={lines} placeholder={placeholder} />
      ) : secret ? (
        <span className="relative block">
          {/* Shown, it is still no text for a spelling service. */}
          <Input className="input secret" placeholder={placeholder} spellCheck={false} autoCapitalize="none" autoCorrect="off" />
          <IconButton label={shown ? "Hide what is typed" : "Show what is typed"} small className="absolute inset-y-0 end-1 my-auto" onPress={() => setShown(!shown)}>
            {shown ? <EyeSlashIcon size={18} /> : <EyeIcon size={18} />}
          </IconButton>
        </span>
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
