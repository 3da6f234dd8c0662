import type { ButtonHTMLAttributes, ReactNode } from 'react';

import { Icon, type IconName } from './Icon';
import styles from './Button.module.css';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: 'plain' | 'primary' | 'quiet' | 'danger';
  icon?: IconName;
  children?: ReactNode;
}

export function Button({ tone = 'plain', icon, children, className, ...rest }: ButtonProps) {
  return (
    <button type="button" className={[styles.button, styles[tone], className].filter(Boolean).join(' ')} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label'> {
  icon: IconName;
  /** What it does: the accessible name and, with its key, the tip. */
  label: string;
  /** As `aria-keyshortcuts` wants it: "Control+Z". */
  shortcut?: string;
  active?: boolean;
}

/** A square button that is only a picture. `active` makes it one that stays down. */
export function IconButton({ icon, label, shortcut, active, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      className={[styles.button, styles.square, styles.quiet, className].filter(Boolean).join(' ')}
      aria-label={label}
      aria-pressed={active}
      aria-keyshortcuts={shortcut}
      title={shortcut ? `${label} (${spokenShortcut(shortcut)})` : label}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}

function spokenShortcut(shortcut: string): string {
  return shortcut.replace('Control', 'Ctrl').replaceAll('+', ' ').replace('Comma', ',');
}
