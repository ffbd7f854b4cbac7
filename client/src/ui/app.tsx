import { useEffect } from 'react';
import { useSession, useSettings } from '../state/hooks.ts';
import { Replaced } from './replaced.tsx';
import { SignIn } from './sign-in.tsx';
import { Window } from './window.tsx';

/** The page that the session calls for, in the language and theme that the agent chose. */
export function App() {
  const session = useSession();
  const language = useSettings((settings) => settings.language);
  const theme = useSettings((settings) => settings.theme);

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }, [theme]);

  switch (session.phase) {
    case 'signed-in':
      return <Window me={session.me} />;
    case 'replaced':
      return <Replaced />;
    default:
      return <SignIn session={session} />;
  }
}
