import { useEffect, useState } from 'react';

import type { Choice, MaskService, SourceState } from '../../inference/choose';
import { useServices } from '../app/services-context';
import { changeSettings } from '../app/settings';
import { Icon } from '../components/Icon';
import { Menu } from '../components/Menu';
import { toasts } from '../components/toasts';
import styles from './SourceMenu.module.css';

const choices: readonly { choice: Choice; label: string }[] = [
  { choice: 'automatic', label: 'Automatic' },
  { choice: 'server', label: 'Server' },
  { choice: 'browser', label: 'This browser' },
];

const backends: Readonly<Record<string, string>> = {
  webgpu: 'WebGPU',
  'wasm-threads': 'WASM, threads',
  wasm: 'WASM',
  websocket: 'WebSocket',
};

/** Where masks come from now, how fast, and the choice of it. */
export function SourceMenu() {
  const { service, state, choice } = useMaskService();
  const name = state?.kind === 'browser' ? 'Browser' : 'Server';
  const speed = state?.medianMs == null ? '' : `${Math.round(state.medianMs)} ms`;
  return (
    <div
      className={styles.source}
      data-testid="mask-source"
      data-kind={state?.kind}
      data-backend={state?.backend ?? undefined}
      title={describe(state)}
    >
      <Menu
        label="Where masks come from"
        items={choices.map((one) => ({
          label: one.label,
          icon: one.choice === choice ? 'check' : undefined,
          onSelect: () => {
            changeSettings({ source: one.choice });
            service?.choose(one.choice);
          },
        }))}
        note={describe(state)}
      >
        <Icon name={state?.kind === 'browser' ? 'monitor' : 'cloud'} size={16} />
        <span>
          <span className="visually-hidden">Masks from: </span>
          {name}
        </span>
        <span className={styles.speed}>{speed}</span>
      </Menu>
    </div>
  );
}

function describe(state: SourceState | null): string {
  if (!state) return '';
  const backend = state.backend ? backends[state.backend] : '';
  return [backend, state.reason].filter(Boolean).join(' · ');
}

interface Shown {
  service: MaskService | null;
  state: SourceState | null;
  choice: Choice;
}

function useMaskService(): Shown {
  const services = useServices();
  const [shown, setShown] = useState<Shown>({ service: null, state: null, choice: 'automatic' });
  useEffect(() => {
    let stop: () => void = () => undefined;
    let gone = false;
    services
      .masks()
      .then((service) => {
        if (gone) return;
        const show = () => {
          setShown({ service, state: service.state, choice: service.choice });
        };
        stop = service.subscribe(show);
        show();
      })
      .catch((error: unknown) => {
        toasts.failed('The sources of masks could not be loaded', error);
      });
    return () => {
      gone = true;
      stop();
    };
  }, [services]);
  return shown;
}
