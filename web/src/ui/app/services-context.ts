import { createContext, useContext } from 'react';

import type { Services } from './services';

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('a component that needs the services is outside of their provider');
  return services;
}
