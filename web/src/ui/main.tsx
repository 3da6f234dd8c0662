import './styles/tokens.css';
import './styles/base.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { registerServiceWorker } from '../offline/register';
import { App } from './app/App';
import { installProbe } from './app/probe';
import { Services } from './app/services';
import { ServicesContext } from './app/services-context';
import { applyTheme, settings } from './app/settings';
import { toasts } from './components/toasts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

applyTheme();
settings.subscribe(applyTheme);
installProbe();

const services = new Services();

createRoot(root).render(
  <StrictMode>
    <ServicesContext value={services}>
      <App />
    </ServicesContext>
  </StrictMode>,
);

if (import.meta.env.PROD) {
  void registerServiceWorker((update) => {
    toasts.show({
      tone: 'good',
      title: 'A new version is ready',
      action: {
        label: 'Reload now',
        run: () => {
          update.apply();
        },
      },
    });
  });
}
