import { type FormEvent, useState } from 'react';

import { Page } from '../app/Page';
import { useServices } from '../app/services-context';
import { changeSettings, type Settings, settings } from '../app/settings';
import { useStore } from '../app/store';
import { Button } from '../components/Button';
import fields from '../components/Field.module.css';
import type { IconName } from '../components/Icon';
import { SegmentedChoice } from '../components/SegmentedChoice';
import { reasonOf, toasts } from '../components/toasts';
import styles from './SettingsPage.module.css';

const themes: readonly { value: Settings['theme']; label: string; icon: IconName }[] = [
  { value: 'system', label: 'As the system', icon: 'monitor' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
];

const sources: readonly { value: Settings['source']; label: string }[] = [
  { value: 'automatic', label: 'Automatic' },
  { value: 'server', label: 'Server' },
  { value: 'browser', label: 'This browser' },
];

export function SettingsPage() {
  const current = useStore(settings);
  return (
    <Page title="Settings" subtitle="Kept in this browser" narrow>
      <div className={styles.groups}>
        <section className={styles.group}>
          <h2>Appearance</h2>
          <SegmentedChoice
            label="Theme"
            options={themes}
            value={current.theme}
            onChange={(theme) => {
              changeSettings({ theme });
            }}
          />
        </section>

        <section className={styles.group}>
          <h2>Masks</h2>
          <SegmentedChoice
            label="Where masks come from"
            options={sources}
            value={current.source}
            onChange={(source) => {
              changeSettings({ source });
            }}
          />
          <p className={styles.hint}>
            Automatic measures both and takes the faster one; when one fails, the other takes over. Concepts are always
            found by the server.
          </p>
          <Check
            label="Preview the mask under the pointer"
            checked={current.preview}
            onChange={(preview) => {
              changeSettings({ preview });
            }}
          />
          <Check
            label="Offer alternatives after the first click"
            checked={current.alternatives}
            onChange={(alternatives) => {
              changeSettings({ alternatives });
            }}
          />
        </section>

        <TokenSection token={current.token} />
      </div>
    </Page>
  );
}

function Check({ label, checked, onChange }: { label: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className={fields.check}>
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => {
          onChange(event.target.checked);
        }}
      />
      {label}
    </label>
  );
}

/** A token is tried before it is kept: a mistyped one would make every page fail. */
function TokenSection({ token }: { token: string }) {
  const services = useServices();
  const [text, setText] = useState(token);
  const [problem, setProblem] = useState('');
  const [trying, setTrying] = useState(false);

  const save = async (value: string) => {
    const before = settings.get().token;
    setTrying(true);
    changeSettings({ token: value });
    try {
      await services.api.projects();
      setProblem('');
      services.accessChanged();
      toasts.show({ tone: 'good', title: value ? 'The server accepts the token' : 'Token removed' });
    } catch (error) {
      if (value) changeSettings({ token: before });
      setProblem(reasonOf(error));
    } finally {
      setTrying(false);
    }
  };

  return (
    <section className={styles.group}>
      <h2>Access</h2>
      <form
        className={fields.field}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void save(text.trim());
        }}
      >
        <label htmlFor="token">Token</label>
        <div className={styles.row}>
          <input
            id="token"
            type="password"
            className={fields.input}
            autoComplete="off"
            value={text}
            aria-invalid={problem !== ''}
            aria-describedby="token-hint"
            onChange={(event) => {
              setText(event.target.value);
            }}
          />
          <Button type="submit" tone="primary" disabled={trying || text.trim() === token}>
            Save
          </Button>
        </div>
        <small id="token-hint" role={problem ? 'alert' : undefined} className={problem ? styles.bad : undefined}>
          {problem || 'Made by “samcache token create”; a server on this machine needs none.'}
        </small>
      </form>
    </section>
  );
}
