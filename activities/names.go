package activities

// Activity names. They are explicit because two structs with a method of the same name would silently
// collide under the SDK's default naming.
const (
	NameRecall    = "case.recall"
	NameMove      = "case.move"
	NameRemind    = "case.remind"
	NameFulfil    = "case.fulfil"
	NameOwe       = "case.owe"
	NameClose     = "case.close"
	NameTrouble   = "case.trouble"
	NameJudge     = "assess.judge"
	NameCompose   = "approve.compose"
	NameVerify    = "approve.verify"
	NameSurvey    = "resolve.survey"
	NameLane      = "deliver.lane"
	NameReconcile = "deliver.reconcile"
	NameSettle    = "deliver.settle"
	NameGate      = "resolve.gate"
	NameAgain     = "again.start"
	NameForesee   = "announce.foresee"
	NameEarly     = "announce.early"
	NameDecide    = "announce.decide"
	NameShow      = "announce.show"
	NamePublish   = "announce.publish"
	NameFile      = "report.file"
	NameAccept    = "report.accept"
	NameSeal      = "evidence.seal"
	NameStand     = "hold.stand"
	NameLetGo     = "hold.letgo"
)
