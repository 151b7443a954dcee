// The rules by which members decide, for the three entry points that CCF's constitutions have. As it stands more than
// half of the members accept a proposal, and no action is known: add those that you want.
const actions = {
  // name: { validate(args) { ... throw what is wrong ... }, apply(args, proposalId) { ... } },
};

export function validate(input) {
  const errors = [];
  JSON.parse(input).actions.forEach(({ name, args }, index) => {
    try {
      if (!Object.hasOwn(actions, name)) throw new Error("there is no such action");
      actions[name].validate(args);
    } catch (e) {
      errors.push(`${name} (action ${index}): ${e.message}`);
    }
  });
  return { valid: errors.length === 0, description: errors.join("; ") };
}

export function resolve(proposal, proposerId, votes) {
  let members = 0;
  ccf.kv["public:ccf.gov.members.info"].forEach((info) => {
    if (ccf.bufToJsonCompatible(info).status === "Active") members++;
  });
  const inFavour = votes.filter((ballot) => ballot.vote).length;
  const against = votes.filter((ballot) => !ballot.vote).length;
  if (2 * inFavour > members) return "Accepted";
  return 2 * against >= members ? "Rejected" : "Open";
}

export function apply(proposal, proposalId) {
  JSON.parse(proposal).actions.forEach(({ name, args }) => actions[name].apply(args, proposalId));
}
