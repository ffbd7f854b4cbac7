import type { Description, Shown } from './description.ts';
import type { Subject } from './subject.ts';
import { type Authorities, World } from './world.ts';

/** An adapter in front of a mock server that is made of a description alone; `faults` is what wasn't as described. */
export class MockWorld extends World {
  readonly faults: string[];

  /** @param shown answers to their operations; all others are answered by a success */
  constructor(subject: Subject, authorities: Authorities, description: Description, shown: readonly Shown[]) {
    const faults: string[] = [];
    const mocked: Subject = {
      ...subject,
      async answer(_bank, request) {
        const asked = description.operationOf(request);
        const answer = shown.find(({ operation }) => operation === asked);
        const { faults: found, reply } = await description.mocked(request, answer);
        faults.push(...found);
        return reply;
      },
    };
    super(mocked, authorities);
    this.faults = faults;
  }
}
