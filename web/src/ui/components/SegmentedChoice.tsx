import { useId } from 'react';

import { Icon, type IconName } from './Icon';
import styles from './SegmentedChoice.module.css';

interface Option<T extends string> {
  value: T;
  label: string;
  icon?: IconName;
}

/** One of a few, all of them in sight: radio buttons, drawn as one strip. */
export function SegmentedChoice<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className={styles.choice}>
      <legend>{label}</legend>
      <div className={styles.strip}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input
              type="radio"
              name={name}
              className="visually-hidden"
              checked={option.value === value}
              onChange={() => {
                onChange(option.value);
              }}
            />
            {option.icon && <Icon name={option.icon} size={16} />}
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
