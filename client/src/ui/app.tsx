import { useEffect } from 'react';
import { useSession, useSettings } from '../state/hooks.ts';
import { ErrorBoundary } from './error-boundary.tsx';
import { Replaced } from './replaced.tsx';
import { SignIn } from './sign-in.tsx';
import { Window } from './window.tsx';

/** The page, in the language and theme that the agent chose. */
export function App() {
  const language = useSettings((settings) => settings.language);
  const theme = useSettings((settings) => settings.theme);

  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
  }, [theme]);

  return (
    <ErrorBoundary>
      <SessionPage />
    </ErrorBoundary>
  );
}

/** What the session calls for. */
function SessionPage() {
  const session = useSession();
  switch (session.phase) {
    case 'signed-in':
      return <Window me={session.me} />;
    case 'replaced':
      return <Replaced />;
    default:
      return <SignIn session={session} />;
  }
}
