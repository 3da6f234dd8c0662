import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';

import { Button } from './Button';
import { Icon, type IconName } from './Icon';
import styles from './Menu.module.css';

export interface MenuItem {
  label: string;
  icon?: IconName;
  hint?: string;
  disabled?: boolean;
  onSelect: () => void;
}

/** A button that opens a list of actions. Arrows, Home and End walk through it, Escape closes it. */
export function Menu({
  label,
  icon,
  items,
  note,
  children,
}: {
  label: string;
  icon?: IconName;
  items: readonly MenuItem[];
  /** Said below the items. */
  note?: string;
  children?: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const listId = useId();

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>('[role=menuitem]:not(:disabled)')?.focus();
    const closeOutside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    window.addEventListener('pointerdown', closeOutside, true);
    return () => {
      window.removeEventListener('pointerdown', closeOutside, true);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>('button')?.focus();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    event.stopPropagation();
    if (event.key === 'Escape') {
      close();
      return;
    }
    const entries = [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)') ?? [])];
    const next = neighbour(event.key, entries.indexOf(document.activeElement as HTMLElement), entries.length);
    if (next === null) return;
    event.preventDefault();
    entries[next]?.focus();
  };

  return (
    // The keys are those of the items inside; the root itself is nothing one can be on.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className={styles.root} ref={root} onKeyDown={onKeyDown}>
      <Button
        icon={icon}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? listId : undefined}
        onClick={() => {
          setOpen(!open);
        }}
      >
        {children ?? label}
        <Icon name="down" size={14} />
      </Button>
      {open && (
        <div className={styles.list}>
          <div role="menu" id={listId} aria-label={label}>
            {items.map((item) => (
              <button
                key={`${item.label} ${item.hint ?? ''}`}
                type="button"
                role="menuitem"
                className={styles.item}
                disabled={item.disabled}
                onClick={() => {
                  close();
                  item.onSelect();
                }}
              >
                <span className={styles.icon}>{item.icon && <Icon name={item.icon} />}</span>
                <span>{item.label}</span>
                {item.hint && <small>{item.hint}</small>}
              </button>
            ))}
          </div>
          {note && <p className={styles.note}>{note}</p>}
        </div>
      )}
    </div>
  );
}

function neighbour(key: string, at: number, count: number): number | null {
  if (count === 0) return null;
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return (at - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
