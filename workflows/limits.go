package workflows

// LanesPerChannel is how many lanes of one channel and wave work side by side. With the batch of
// activities.Limits it bounds how many messages can be intended without an outcome at any instant, and so
// how many are unknown after a crash.
const LanesPerChannel = lanesPerChannel
