package announce

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/tocsin-engine/tocsin/internal/breach"
)

// words are the site's own words in one language.
type words struct {
	Locale, Name string // Name is the language's own name

	Notices, SecurityNotice, Published, Version, Kept, Correction, Older, NewerExists       string
	Code, Genuine, GenuineHow, Data, Feed, Skip, LanguageLabel                              string
	None, NoneHelp                                                                          string
	VerifyTitle, VerifyLead, VerifyField, VerifyHint, VerifyButton                          string
	VerifyYes, VerifyYesMore, VerifyNo, VerifyNoMore, VerifyLater, VerifySigns, VerifyTwice string
	VerifyFrom, VerifyNotice, VerifyDate, VerifyBy, VerifyAsk, VerifyPage, VerifyErased     string
	Signs                                                                                   []string
	MissingTitle, MissingHelp                                                               string
	channels                                                                                map[breach.Channel]string
	comma, instant, day                                                                     string
	zone                                                                                    *time.Location
}

func (w words) At(t time.Time) string { return t.In(w.zone).Format(w.instant) }

func (w words) channel(c breach.Channel) string { return cmp.Or(w.channels[c], string(c)) }

func (w words) Day(t time.Time) string { return t.In(w.zone).Format(w.day) }

var english = words{
	Locale: "en", Name: "English",
	Notices: "Security notices", SecurityNotice: "Security notice", Published: "Published", Version: "version", Kept: "This page stays up until at least",
	Correction: "A correction appears here as a new version; old versions stay readable.", Older: "Older versions", NewerExists: "This is an old version. There is a newer one:",
	Code: "Code of this notice", Genuine: "Is this genuine?", GenuineHow: "Type this address into your browser yourself, then enter this code or the one that you were sent:",
	Data: "Data", Feed: "Feed", Skip: "Skip to the notice", LanguageLabel: "Language",
	None: "There are no notices.", NoneHelp: "When a security incident concerns people who trusted us with their information, and not all of them can be told one by one, the notice appears here. You can have this page checked by a feed reader.",
	VerifyTitle: "Is the notice that I got genuine?", VerifyLead: "Enter the code that stands in the email, text message or letter. We answer which of our notices carries it, and nothing about you.",
	VerifyField: "Code", VerifyHint: "As printed. Spaces, dashes and capitals make no difference.", VerifyButton: "Check the code",
	VerifyYes: "Yes, this code is ours. It stands on this notice:", VerifyYesMore: "Compare it with the message that you hold. If that asks for a password, a verification code or a payment, it is still a fake: codes can be copied.",
	VerifyFrom: "From", VerifyNotice: "Notice", VerifyDate: "Date", VerifyBy: "Sent by", VerifyAsk: "Questions to", VerifyPage: "Read the public notice",
	VerifyErased: "When the time is over for which we keep them, we erase records. Codes of some notices can therefore no longer be checked here, the newest of them from",
	VerifyNo:     "No, this code is not ours.", VerifyNoMore: "None of our notices carries it. Check that you typed it as it is printed. If the answer stays the same, do not do what the message asks, and tell us of it in a way that you already know.",
	VerifyLater: "We cannot answer at this moment. Please try again in a minute.", VerifySigns: "How to tell a genuine notice",
	Signs: []string{
		"It never asks for a password, a verification code or a payment.",
		"It holds no attachment and nothing to press; addresses are written out for you to type.",
		"It names somebody whom you can ask. If in doubt, use a number that you already know.",
	},
	VerifyTwice:  "You came here through a link? Then better type this address into your browser yourself, and check its name.",
	MissingTitle: "There is no notice here", MissingHelp: "The address may be mistyped, or the message that gave it to you was not from us. You can look at all notices, or check the code that you were sent.",
	channels: map[breach.Channel]string{breach.Email: "email", breach.SMS: "text message", breach.Push: "notification in our app", breach.Voice: "phone call", breach.Letter: "letter"}, comma: ", ",
	instant: "2 January 2006, 15:04 (MST)", day: "2 January 2006", zone: time.UTC,
}

var chinese = words{
	Locale: "zh-Hans", Name: "中文",
	Notices: "安全公告", SecurityNotice: "安全公告", Published: "发布于", Version: "版本", Kept: "本页面至少保留至",
	Correction: "更正会作为新版本发布在此处，旧版本仍可查阅。", Older: "旧版本", NewerExists: "这是旧版本，最新版本见：",
	Code: "本公告编号", Genuine: "这份公告是真的吗？", GenuineHow: "请在浏览器中自行输入下面的网址，再输入本页的编号或您收到的编号：",
	Data: "数据", Feed: "订阅", Skip: "跳到正文", LanguageLabel: "语言",
	None: "目前没有公告。", NoneHelp: "当安全事件涉及您交给我们的信息，而我们又难以逐一告知时，公告会发布在这里。您可以用订阅工具关注本页。",
	VerifyTitle: "我收到的通知是真的吗？", VerifyLead: "请输入邮件、短信或信件上的编号。我们只回答哪一份通知使用这个编号，不显示与您有关的任何信息。",
	VerifyField: "编号", VerifyHint: "请按原样输入；空格、短横线和大小写不影响查验。", VerifyButton: "查验编号",
	VerifyYes: "是的，这是我们的编号，属于下面这份通知：", VerifyYesMore: "请与您手中的消息核对。如果那条消息索要密码、验证码或款项，它仍然是假的：编号可能被抄用。",
	VerifyFrom: "发出单位", VerifyNotice: "通知", VerifyDate: "日期", VerifyBy: "发送方式", VerifyAsk: "咨询", VerifyPage: "查看公开的公告",
	VerifyErased: "保存期限届满后，我们会删除记录，因此部分通知的编号已无法在此查验，其中最近一份的日期为",
	VerifyNo:     "不是，这不是我们的编号。", VerifyNoMore: "我们没有任何通知使用它。请核对输入是否与原文一致。如果结果仍然相同，请不要按那条消息的要求去做，并通过您已知的方式告诉我们。",
	VerifyLater: "暂时无法查验，请一分钟后再试。", VerifySigns: "怎样辨别真实的通知",
	Signs: []string{
		"绝不索要密码、验证码或款项。",
		"没有附件，也没有需要点击的链接；网址都写明，由您自行输入。",
		"写明可以向谁咨询。有疑问时，请拨打您已知的电话。",
	},
	VerifyTwice:  "您是点击链接来到这里的吗？请改为在浏览器中自行输入网址，并核对域名。",
	MissingTitle: "这里没有公告", MissingHelp: "网址可能输入有误，或者给您网址的消息并非来自我们。您可以查看全部公告，或查验您收到的编号。",
	channels: map[breach.Channel]string{breach.Email: "电子邮件", breach.SMS: "短信", breach.Push: "应用推送", breach.Voice: "电话", breach.Letter: "信件"}, comma: "、",
	instant: "2006 年 1 月 2 日 15:04（北京时间）", day: "2006 年 1 月 2 日", zone: time.FixedZone("UTC+8", 8*60*60),
}

// spoken are the languages of the site's own words, the fall-back first.
var spoken = []words{english, chinese, traditional, japanese, korean, german, french, spanish, portuguese, arabic}

func spokenTags() []string {
	tags := make([]string, len(spoken))
	for i, w := range spoken {
		tags[i] = w.Locale
	}
	return tags
}

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

// sortedTags lists the languages that there are words in, English first when it is among them: it is the fall-back.
func sortedTags(by map[string]string) []string {
	return slices.SortedFunc(maps.Keys(by), func(a, b string) int {
		if (a == english.Locale) != (b == english.Locale) {
			return map[bool]int{true: -1, false: 1}[a == english.Locale]
		}
		return strings.Compare(a, b)
	})
}
