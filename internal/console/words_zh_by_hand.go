package console

// byHandInChinese is what is said of duties that a person carries out, and of questions that a person answers.
var byHandInChinese = map[string]string{
	"Done outside Tocsin": "在系统外完成的义务", "Done outside Tocsin…": "在系统外完成的义务…", "Done outside Tocsin, incident %s": "在系统外完成的义务，事件 %s",
	"A lead states this.": "须由负责人填写。", "Nothing is left that a person would do by hand.": "没有需由人工完成的义务。",
	"For what a person does: a follow-up report, a notice to the media, word to somebody else whom a law names. When it was done enters the facts, and what follows it counts from there.": "用于由人工完成的义务：后续报告、向媒体的通知、向法律指明的其他对象的告知。完成时间记入事实，后续期限由此起算。",
	"This was done": "已完成的义务", "When": "完成时间", "Now, if you leave it empty. Time zone: %s.": "留空即为现在。时区：%s。", "What was done, and how": "做了什么、如何做的",
	"It stands on the record that this is done. What follows it counts from there.": "已记录该义务完成，后续期限由此起算。",
	"Open questions": "待答问题", "Open questions…": "待答问题…", "Open questions of incident %s": "事件 %s 的待答问题",
	"A responder or a lead answers.": "须由响应人员或负责人回答。", "No question is open.": "没有待答问题。",
	"No fact can answer these. Your answer and its reason become part of the facts; the duties are judged anew.": "这些问题无法由事实得出答案。您的回答和理由将成为事实的一部分，义务随之重新判定。",
	"The question": "问题", "The answer": "回答", "Yes": "是", "No": "否", "Answer it": "回答",
	"The question is answered. The duties are judged anew.": "问题已回答。正在重新判定义务。",
	"%s stated that it was done by hand, %s: %s":            "%s 说明已由人工完成：%s，内容：%s",
	"Text to send": "待发送的文本", "Its text": "文本", "Its text: %s": "文本：%s", "State it as done": "说明已完成",
	"It holds what the law asks for, from the incident as it is now. Nothing is sent: a person sends it, and then states it as done.": "文本依据事件现状写成，包含法律要求的内容。系统不会发送：请由专人发送，然后说明已完成。",
	"A person must write this first:": "须先由专人写明：", "The facts do not say this yet:": "事实尚未说明：",
	"by hand": "人工",
}
