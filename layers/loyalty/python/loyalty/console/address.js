// @ts-check
// Addresses inside the console: #/<program>/<view>/<parameters…>?<query>

/** @typedef {{ program: string, view: string, params: string[], query: URLSearchParams }} Address */

/** @param {string} hash @returns {Address} */
export function addressOf(hash) {
  const [path, search] = hash.replace(/^#\/?/, "").split("?");
  const [program = "", view = "", ...params] = path.split("/").map(decoded);
  return {
    program,
    view: view || "home",
    params: params.filter(Boolean),
    query: new URLSearchParams(search),
  };
}

/** Whether two addresses are of the same view. @param {Address} one @param {Address} other */
export function isSameView(one, other) {
  return one.program === other.program && one.view === other.view;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
