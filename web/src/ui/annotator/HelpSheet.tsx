import { Dialog } from '../components/Dialog';
import styles from './HelpSheet.module.css';
import { shortcutGroups } from './shortcuts';

const mouse: readonly { what: string; how: string }[] = [
  { what: 'On the object', how: 'Click' },
  { what: 'Not the object', how: 'Right click, or Alt and click' },
  { what: 'Box around it', how: 'Drag' },
  { what: 'Zoom', how: 'Wheel, or pinch' },
  { what: 'Move the picture', how: 'Space or middle button, and drag' },
];

export function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard and mouse" onClose={onClose} wide>
      <div className={styles.columns}>
        <section className={styles.group}>
          <h3>Mouse</h3>
          <dl>
            {mouse.map(({ what, how }) => (
              <div key={what} className={styles.line}>
                <dt>{what}</dt>
                <dd className={styles.how}>{how}</dd>
              </div>
            ))}
          </dl>
        </section>
        {shortcutGroups.map((group) => (
          <section key={group.title} className={styles.group}>
            <h3>{group.title}</h3>
            <dl>
              {group.lines.map(({ what, shown }) => (
                <div key={what} className={styles.line}>
                  <dt>{what}</dt>
                  <dd>
                    {shown.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
