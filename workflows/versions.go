package workflows

// Change ids for workflow.GetVersion, each with its date, its reason and when it may go. A change to what a
// running story does gets an id here and is asked for unconditionally at its place, never behind an if that
// depends on input. There is none yet: no release has recorded histories of an older shape.
