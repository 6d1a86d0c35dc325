package announce

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// words are the site's own words in one language.
type words struct {
	Locale, Name string // Name is the language's own name

	Notices, SecurityNotice, Published, Version, Kept, Correction, Older, NewerExists       string
	Code, Genuine, GenuineHow, Data, Feed, Skip, LanguageLabel                              string
	None, NoneHelp                                                                          string
	VerifyTitle, VerifyLead, VerifyField, VerifyHint, VerifyButton                          string
	VerifyYes, VerifyYesMore, VerifyNo, VerifyNoMore, VerifyLater, VerifySigns, VerifyTwice string
	Signs                                                                                   []string
	MissingTitle, MissingHelp                                                               string
	instant, day                                                                            string
	zone                                                                                    *time.Location
}

func (w words) At(t time.Time) string { return t.In(w.zone).Format(w.instant) }

func (w words) Day(t time.Time) string { return t.In(w.zone).Format(w.day) }

var english = words{
	Locale: "en", Name: "English",
	Notices: "Security notices", SecurityNotice: "Security notice", Published: "Published", Version: "version", Kept: "This page stays up until at least",
	Correction: "A correction appears here as a new version; old versions stay readable.", Older: "Older versions", NewerExists: "This is an old version. There is a newer one:",
	Code: "Code of this notice", Genuine: "Is this genuine?", GenuineHow: "Type this address into your browser yourself, then enter this code or the one that you were sent:",
	Data: "Data", Feed: "Feed", Skip: "Skip to the notice", LanguageLabel: "Language",
	None: "There are no notices.", NoneHelp: "When a security incident concerns people who trusted us with their information, and not all of them can be told one by one, the notice appears here. You can have this page checked by a feed reader.",
	VerifyTitle: "Is the notice that I got genuine?", VerifyLead: "Enter the code that stands in the email, text message or letter. We answer only whether one of our notices carries it.",
	VerifyField: "Code", VerifyHint: "Letters, digits and dashes, as printed.", VerifyButton: "Check the code",
	VerifyYes: "Yes, one of our notices carries this code.", VerifyYesMore: "If what you hold asks for a password, a verification code or a payment, it is still a fake: codes can be copied.",
	VerifyNo: "We know of no notice with this code.", VerifyNoMore: "Check that you typed it as it is printed. If it stays unknown, do not follow what the message says.",
	VerifyLater: "We cannot answer at this moment. Please try again in a minute.", VerifySigns: "How to tell a genuine notice",
	Signs: []string{
		"It never asks for a password, a verification code or a payment.",
		"It holds no attachment and nothing to press; addresses are written out for you to type.",
		"It names somebody whom you can ask. If in doubt, use a number that you already know.",
	},
	VerifyTwice:  "You came here through a link? Then better type this address into your browser yourself, and check its name.",
	MissingTitle: "There is no notice here", MissingHelp: "The address may be mistyped, or the message that gave it to you was not from us. You can look at all notices, or check the code that you were sent.",
	instant: "2 January 2006, 15:04 (MST)", day: "2 January 2006", zone: time.UTC,
}

var chinese = words{
	Locale: "zh-Hans", Name: "中文",
	Notices: "安全公告", SecurityNotice: "安全公告", Published: "发布于", Version: "版本", Kept: "本页面至少保留至",
	Correction: "更正会作为新版本发布在此处，旧版本仍可查阅。", Older: "旧版本", NewerExists: "这是旧版本，最新版本见：",
	Code: "本公告编号", Genuine: "这份公告是真的吗？", GenuineHow: "请在浏览器中自行输入下面的网址，再输入本页的编号或您收到的编号：",
	Data: "数据", Feed: "订阅", Skip: "跳到正文", LanguageLabel: "语言",
	None: "目前没有公告。", NoneHelp: "当安全事件涉及您交给我们的信息，而我们又难以逐一告知时，公告会发布在这里。您可以用订阅工具关注本页。",
	VerifyTitle: "我收到的通知是真的吗？", VerifyLead: "请输入邮件、短信或信件上的编号。我们只回答是否有通知使用这个编号。",
	VerifyField: "编号", VerifyHint: "按原样输入字母、数字和短横线。", VerifyButton: "查验编号",
	VerifyYes: "是的，我们有一份通知使用这个编号。", VerifyYesMore: "如果您手中的消息索要密码、验证码或款项，它仍然是假的：编号可能被抄用。",
	VerifyNo: "我们没有使用这个编号的通知。", VerifyNoMore: "请核对是否与原文一致。若仍查不到，请不要按那条消息的要求去做。",
	VerifyLater: "暂时无法查验，请一分钟后再试。", VerifySigns: "怎样辨别真实的通知",
	Signs: []string{
		"绝不索要密码、验证码或款项。",
		"没有附件，也没有需要点击的链接；网址都写明，由您自行输入。",
		"写明可以向谁咨询。有疑问时，请拨打您已知的电话。",
	},
	VerifyTwice:  "您是点击链接来到这里的吗？请改为在浏览器中自行输入网址，并核对域名。",
	MissingTitle: "这里没有公告", MissingHelp: "网址可能输入有误，或者给您网址的消息并非来自我们。您可以查看全部公告，或查验您收到的编号。",
	instant: "2006 年 1 月 2 日 15:04（北京时间）", day: "2006 年 1 月 2 日", zone: time.FixedZone("UTC+8", 8*60*60),
}

// spoken are the languages of the site's own words, the fall-back first.
var spoken = []words{english, chinese}

func spokenTags() []string { return []string{english.Locale, chinese.Locale} }

// wordsFor gives the site's words for a language, English for one that it does not speak.
func wordsFor(locale string) words {
	i := slices.IndexFunc(spoken, func(w words) bool { return w.Locale == closest(locale, spokenTags()) })
	return spoken[i]
}

// closest picks one of have (the first is the fall-back) for a wanted tag or an Accept-Language header.
func closest(want string, have []string) string {
	if slices.Contains(have, want) {
		return want
	}
	if len(want) > 256 {
		return have[0]
	}
	tags := make([]language.Tag, len(have))
	for i, h := range have {
		tags[i] = language.Make(h)
	}
	wanted, _, err := language.ParseAcceptLanguage(strings.TrimSpace(want))
	if err != nil || len(wanted) == 0 {
		return have[0]
	}
	if _, i, confidence := language.NewMatcher(tags).Match(wanted...); confidence >= language.Low {
		return have[i]
	}
	if i := slices.IndexFunc(tags, func(t language.Tag) bool { b, _ := t.Base(); return b.String() == "en" }); i >= 0 {
		return have[i]
	}
	return have[0]
}
