package workflows

import (
	"context"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsin-engine/tocsin/activities"
	"github.com/tocsin-engine/tocsin/internal/breach"
)

// Typed activity calls: the method expression carries the activity's types, so that a wrong input or
// output does not compile; the name is the one under which the worker registers it.

func call[In, Out any](ctx workflow.Context, name string, _ func(context.Context, In) (Out, error), in In) (Out, error) {
	var out Out
	err := workflow.ExecuteActivity(ctx, name, in).Get(ctx, &out)
	return out, err
}

var (
	atCase     *activities.Case
	atAssess   *activities.Assess
	atApprove  *activities.Approve
	atResolve  *activities.Resolve
	atDeliver  *activities.Deliver
	atAgain    *activities.Again
	atAnnounce *activities.Announce
	atReport   *activities.Report
	atEvidence *activities.Evidence
	atHold     *activities.Hold
)

func recall(ctx workflow.Context, incident string) (activities.RecallOut, error) {
	return call(quick(ctx), activities.NameRecall, atCase.Recall, activities.CaseIn{Incident: incident})
}

func move(ctx workflow.Context, in activities.MoveIn) error {
	_, err := call(quick(ctx), activities.NameMove, atCase.Move, in)
	return err
}

func remind(ctx workflow.Context, in activities.RemindIn) (activities.RemindOut, error) {
	return call(quick(ctx), activities.NameRemind, atCase.Remind, in)
}

func trouble(ctx workflow.Context, in activities.TroubleIn) error {
	_, err := call(quick(ctx), activities.NameTrouble, atCase.Trouble, in)
	return err
}

func closeCase(ctx workflow.Context, in activities.CloseIn) error {
	_, err := call(walk(ctx), activities.NameClose, atCase.Close, in)
	return err
}

func fulfil(ctx workflow.Context, in activities.FulfilIn) (activities.FulfilOut, error) {
	return call(quick(ctx), activities.NameFulfil, atCase.Fulfil, in)
}

func gate(ctx workflow.Context, in activities.GateIn) error {
	_, err := call(walk(ctx), activities.NameGate, atResolve.Gate, in)
	return err
}

func owe(ctx workflow.Context, in activities.FulfilIn) error {
	_, err := call(quick(ctx), activities.NameOwe, atCase.Owe, in)
	return err
}

func stand(ctx workflow.Context, incident string) (activities.StandOut, error) {
	return call(quick(ctx), activities.NameStand, atHold.Stand, activities.CaseIn{Incident: incident})
}

func letGo(ctx workflow.Context, incident string) (activities.LetGoOut, error) {
	return call(walk(ctx), activities.NameLetGo, atHold.LetGo, activities.CaseIn{Incident: incident})
}

func judge(ctx workflow.Context, in activities.JudgeIn) (activities.JudgeOut, error) {
	return call(quick(ctx), activities.NameJudge, atAssess.Facts, in)
}

func compose(ctx workflow.Context, in activities.ComposeIn) (activities.ComposeOut, error) {
	return call(answer(ctx), activities.NameCompose, atApprove.Compose, in)
}

func verify(ctx workflow.Context, in activities.VerifyIn) (activities.VerifyOut, error) {
	return call(quick(ctx), activities.NameVerify, atApprove.Verify, in)
}

func survey(ctx workflow.Context, in activities.SurveyIn) (activities.SurveyOut, error) {
	return call(walk(ctx), activities.NameSurvey, atResolve.Survey, in)
}

func sendLane(ctx workflow.Context, c breach.Channel, in activities.LaneIn) (activities.LaneOut, error) {
	return call(lane(c, in.Incident)(ctx), activities.NameLane, atDeliver.Lane, in)
}

func reconcile(ctx workflow.Context, in activities.ReconcileIn) (activities.ReconcileOut, error) {
	return call(walk(ctx), activities.NameReconcile, atDeliver.Reconcile, in)
}

func settle(ctx workflow.Context, in activities.SettleIn) (activities.SettleOut, error) {
	return call(walk(ctx), activities.NameSettle, atDeliver.Settle, in)
}

func startAgain(ctx workflow.Context, in activities.AgainIn) (activities.AgainOut, error) {
	return call(walk(ctx), activities.NameAgain, atAgain.Start, in)
}

func lookAhead(ctx workflow.Context, in activities.AnnounceIn) (activities.ForeseeOut, error) {
	return call(walk(ctx), activities.NameForesee, atAnnounce.Foresee, in)
}

func announceEarly(ctx workflow.Context, in activities.EarlyIn) (activities.PublishOut, error) {
	return call(walk(ctx), activities.NameEarly, atAnnounce.Early, in)
}

func decide(ctx workflow.Context, in activities.AnnounceIn) (activities.DecideOut, error) {
	return call(walk(ctx), activities.NameDecide, atAnnounce.Decide, in)
}

func show(ctx workflow.Context, in activities.AnnounceIn) error {
	_, err := call(quick(ctx), activities.NameShow, atAnnounce.Show, in)
	return err
}

func publish(ctx workflow.Context, in activities.AnnounceIn) (activities.PublishOut, error) {
	return call(walk(ctx), activities.NamePublish, atAnnounce.Publish, in)
}

func file(ctx workflow.Context, in activities.FileIn) (activities.FileOut, error) {
	return call(filing(ctx), activities.NameFile, atReport.File, in)
}

func accept(ctx workflow.Context, in activities.AcceptIn) (activities.FileOut, error) {
	return call(quick(ctx), activities.NameAccept, atReport.Accept, in)
}

func seal(ctx workflow.Context, in activities.SealIn) (activities.SealOut, error) {
	return call(walk(ctx), activities.NameSeal, atEvidence.Seal, in)
}
