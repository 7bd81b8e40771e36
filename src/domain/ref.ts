// How a domain is named between the parts of the program.

export interface DomainRef {
  readonly name: string;
  /** Read from the store when it is first asked for. */
  readonly uuid: string;
}
