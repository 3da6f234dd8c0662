import { useSyncExternalStore } from 'react';

import { IconButton } from '../components/Button';
import { changeSettings, settings } from './settings';
import { useStore } from './store';

const systemIsDark = window.matchMedia('(prefers-color-scheme: dark)');

function subscribe(listener: () => void): () => void {
  systemIsDark.addEventListener('change', listener);
  return () => {
    systemIsDark.removeEventListener('change', listener);
  };
}

/** From light to dark and back. What is the system's choice anyway is left to it. */
export function ThemeButton() {
  const { theme } = useStore(settings);
  const prefersDark = useSyncExternalStore(subscribe, () => systemIsDark.matches);
  const isDark = theme === 'system' ? prefersDark : theme === 'dark';
  const wanted = isDark ? 'light' : 'dark';
  return (
    <IconButton
      icon={isDark ? 'sun' : 'moon'}
      label={`Switch to the ${wanted} theme`}
      onClick={() => {
        changeSettings({ theme: (wanted === 'dark') === prefersDark ? 'system' : wanted });
      }}
    />
  );
}
