// The zlib under test and the one it is compared with. WARPDRIVE_SUBJECT=node:zlib runs the suite
// against Node itself: what fails then is wrong in the test.

const path = require('node:path');
const node = require('node:zlib');

const subjectPath = process.env.WARPDRIVE_SUBJECT || path.resolve(__dirname, '../..');
const zlib = require(subjectPath);
const isNode = zlib === node;

/** Value for a test's `skip` option where node:zlib cannot be the subject. */
function notForNode(reason) {
  return isNode ? `subject is node:zlib: ${reason}` : false;
}

module.exports = { zlib, node, isNode, subjectPath, notForNode };
