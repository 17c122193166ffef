import { Label } from "react-aria-components/Label";
import { RadioButton, RadioField, RadioGroup } from "react-aria-components/RadioGroup";

type Props<T extends string> = {
  label: string;
  value: T;
  choices: { value: T; label: string }[];
  onChange: (value: T) => void;
  hint?: string;
};

export function Segments<T extends string>({ label, value, choices, onChange, hint }: Props<T>) {
  return (
    <RadioGroup value={value} onChange={(next) => onChange(next as T)} orientation="horizontal">
      <Label className="label">{label}</Label>
      <div className="segments">
        {choices.map((choice) => (
          <RadioField key={choice.value} value={choice.value} className="contents">
            <RadioButton>{choice.label}</RadioButton>
          </RadioField>
        ))}
      </div>
      {hint ? <p className="hint">{hint}</p> : null}
    </RadioGroup>
  );
}
